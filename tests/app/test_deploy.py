"""The deployment without a container engine: its files against their schemas, its commands as processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httptools
import kubernetes_validate
import pytest
import yaml

import peers
import roadsigns
from roadsigns.config import ServeOptions

ROOT = Path(__file__).parent.parent.parent
DOCKERFILES = ["roadsigns/app/Dockerfile", "deploy/Dockerfile"]
DOCKERFILE = (ROOT / "roadsigns" / "app" / "Dockerfile").read_text()
MANIFESTS = {
    f"{document['kind']} {document['metadata']['name']}": document
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
}
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
NOBODY = 65534


def instruction(word: str) -> str:
    """What the last stage of the Dockerfile says of ENV, CMD, ..."""
    stage = DOCKERFILE.rpartition("\nFROM ")[2]
    return re.findall(rf"^{word} (.+)$", stage, re.MULTILINE)[-1]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_passes_the_linter(name: str) -> None:
    linter = shutil.which("hadolint", path=Path(sys.executable).parent) or "hadolint"
    done = subprocess.run([linter, ROOT / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_is_built_from_what_is_there(name: str) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / name).read_text(), re.MULTILINE)
    assert {name for names in copied for name in names.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_the_apps_image_has_no_more_packages_than_it_needs() -> None:
    assert "--no-deps" in instruction("RUN") or "--no-deps" in DOCKERFILE.rpartition("\nFROM ")[2]


@pytest.fixture(scope="module")
def bare() -> Iterator[tuple[list[str], dict[str, str]]]:
    """A Python with our package and httptools alone, and the keywords that make a process nobody's for root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for package in (roadsigns, httptools):
        source = Path(package.__file__).parent
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        program = "import sys, httptools; sys.exit(sys.version_info < (3, 11))"
        try:
            runs = python and subprocess.run([python, "-S", "-c", program], cwd=folder, **identity).returncode == 0
        except PermissionError:
            continue
        if runs:
            yield [python, "-S"], {**identity, "cwd": folder}
            break
    else:
        raise AssertionError("No Python of 3.11 or later that a user without rights may run. Install python3")
    shutil.rmtree(folder)


def environment(**more: str) -> dict[str, str]:
    """That of the container, and no more."""
    return {**dict(pair.split("=", 1) for pair in instruction("ENV").split()), **more}


def test_the_containers_commands_run_without_rights_or_packages(
    loop: peers.Loop, echo: peers.Handler, bare: tuple[list[str], dict[str, str]]
) -> None:
    python, keywords = bare
    command, check = (json.loads(instruction(word).rpartition("CMD ")[2]) for word in ("CMD", "HEALTHCHECK"))
    assert command[0] == check[0] == "python" and environment()["PORT"] == "80"
    port = str(embedded_free_port())
    environ = environment(PORT=port, TENSORFLOW_HOST=peers.start_backend(loop, echo))
    healthy = [*python, *check[1:]]
    assert subprocess.run(healthy, env=environ, capture_output=True, **keywords).returncode == 1
    process = subprocess.Popen([*python, *command[1:]], env=environ, stderr=subprocess.PIPE, text=True, **keywords)
    try:
        assert f"http://0.0.0.0:{port}/ asks" in process.stderr.readline()
        assert subprocess.run(healthy, env=environ, **keywords).returncode == 0
        owner = Path(f"/proc/{process.pid}").stat().st_uid
        assert owner == keywords.get("user", os.geteuid()) != 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/roadsigns_model", timeout=10) as answer:
            assert answer.read().startswith(b"GET /v1/models/roadsigns_model HTTP/1.1")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/appdata.json", timeout=10) as answer:
            assert list(json.load(answer)) == ["image_filenames", "image_labels", "tensorflow_images"]
        start = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0 and time.monotonic() - start < 8
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_container_without_an_address_says_so_in_one_line(bare: tuple[list[str], dict[str, str]]) -> None:
    python, keywords = bare
    command = json.loads(instruction("CMD"))
    done = subprocess.run([*python, *command[1:]], env=environment(), capture_output=True, text=True, **keywords)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "Set TENSORFLOW_HOST=host:port" in done.stderr


def embedded_free_port() -> int:
    from roadsigns.serving.embedded import _free_port

    return _free_port()


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_fits_its_schema(name: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], kubernetes_validate.latest_version(), strict=True)


def test_a_manifest_that_does_not_fit_is_found() -> None:
    broken = {**MANIFESTS["Service roadsignsapp"], "spec": {"ports": [{"port": "eighty"}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", ["roadsignsapp", "roadsigns-tensorflow"])
def test_what_belongs_together_bears_the_same_names(name: str) -> None:
    pod = MANIFESTS[f"Deployment {name}"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    service = MANIFESTS[f"Service {name}"]["spec"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert service["selector"].items() <= pod["metadata"]["labels"].items()
    assert (
        MANIFESTS[f"Deployment {name}"]["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    )
    assert {port["targetPort"] for port in service["ports"]} <= set(ports)
    assert pod["spec"]["securityContext"]["runAsNonRoot"] and "limits" in container["resources"]
    assert container["readinessProbe"] and container["livenessProbe"]
    assert MANIFESTS[f"HorizontalPodAutoscaler {name}"]["spec"]["scaleTargetRef"]["name"] == name


def test_the_app_finds_the_model_server() -> None:
    (container,) = MANIFESTS["Deployment roadsignsapp"]["spec"]["template"]["spec"]["containers"]
    environ = {each["name"]: each["value"] for each in container["env"]}
    host, _, port = environ["TENSORFLOW_HOST"].partition(":")
    assert int(port) in {each["port"] for each in MANIFESTS[f"Service {host}"]["spec"]["ports"]}
    assert int(environ["PORT"]) == container["ports"][0]["containerPort"] >= 1024
    assert [each["port"] for each in MANIFESTS["Service roadsignsapp"]["spec"]["ports"]] == [80]


def test_ingress_reaches_the_app_alone() -> None:
    (rule,) = MANIFESTS["Ingress roadsignsapp"]["spec"]["rules"]
    assert [path["backend"]["service"]["name"] for path in rule["http"]["paths"]] == ["roadsignsapp"]
    assert sum(name.startswith("Ingress ") for name in MANIFESTS) == 1


def test_the_image_for_training_and_serving_runs_the_command() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    entry, arguments = (json.loads(each) for each in re.findall(r"^(?:ENTRYPOINT|CMD) (.+)$", text, re.MULTILINE))
    assert entry == ["roadsigns"]
    options = ServeOptions(**{arguments[1].removeprefix("--"): arguments[2]})
    assert arguments[0] == "serve" and options.host == "0.0.0.0"
    assert f"EXPOSE {options.port} {options.rest_api_port}" in text


def test_compose_brings_a_model_where_there_is_none(tmp_path: Path) -> None:
    """Its command as a process: it exports once, leaves what is there alone, and gives it to the checkout's owner."""
    model = COMPOSE["services"]["roadsigns-model"]
    assert model["entrypoint"] == ["sh", "-euc"] and model["image"] == "roadsigns"
    assert model["volumes"] == ["../models:/srv/roadsigns/models", "../setup.cfg:/srv/roadsigns/owner:ro"]
    served = COMPOSE["services"]["roadsigns-tensorflow"]
    assert served["depends_on"] == {"roadsigns-model": {"condition": "service_completed_successfully"}}
    (command,) = model["command"]
    (tmp_path / "models").mkdir()
    (tmp_path / "owner").touch()
    if os.geteuid() == 0:
        os.chown(tmp_path / "owner", NOBODY, NOBODY)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for _ in range(2):
        subprocess.run(
            ["sh", "-euc", command.replace("$$", "$")], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True
        )
        assert [each.name for each in (tmp_path / "models" / "roadsigns").iterdir()] == ["1"]
    graph = tmp_path / "models" / "roadsigns" / "1" / "saved_model.pb"
    assert graph.stat().st_uid == (tmp_path / "owner").stat().st_uid


def test_compose_is_the_documents_run_line() -> None:
    app, model = (COMPOSE["services"][name] for name in ("roadsignsapp", "roadsigns-tensorflow"))
    assert app["ports"] == ["8000:80"] and "ports" not in model
    assert app["environment"]["TENSORFLOW_HOST"] == "roadsigns-tensorflow:8501"
    folder, inside, _ = model["volumes"][0].split(":")
    assert (ROOT / "deploy" / folder).resolve() == ROOT / "models" / "roadsigns"
    assert inside == "/models/" + model["environment"]["MODEL_NAME"] == "/models/roadsigns_model"
    assert (ROOT / "deploy" / app["build"]["context"] / app["build"]["dockerfile"]).samefile(
        ROOT / "roadsigns/app/Dockerfile"
    )
