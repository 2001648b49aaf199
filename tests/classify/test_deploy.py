"""The job for KubeRay without a cluster: its fields, its pods against their schema, its command and its image."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement

from roadsigns import cli
from roadsigns.config import ClassifyOptions

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "kuberay"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
JOB = yaml.safe_load((FOLDER / "classify.yaml").read_text())
CLUSTER = JOB["spec"]["rayClusterSpec"]
HEAD, (WORKERS,) = CLUSTER["headGroupSpec"], CLUSTER["workerGroupSpecs"]
# Of the API reference of ray.io/v1, the fields that are used.
FIELDS = {
    "RayJob": {"apiVersion", "kind", "metadata", "spec"},
    "spec": {"entrypoint", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "backoffLimit", "rayClusterSpec"},
    "cluster": {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"},
    "head": {"rayStartParams", "template"},
    "workers": {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"},
}


def test_the_fields_are_kuberays() -> None:
    assert JOB["apiVersion"] == "ray.io/v1"
    parts = {"RayJob": JOB, "spec": JOB["spec"], "cluster": CLUSTER, "head": HEAD, "workers": WORKERS}
    assert {name: set(part) for name, part in parts.items()} == FIELDS
    assert all(isinstance(value, str) for group in (HEAD, WORKERS) for value in group["rayStartParams"].values())
    assert CLUSTER["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize("group", [HEAD, WORKERS], ids=["head", "workers"])
def test_its_pods_fit_their_schema(group: dict[str, Any]) -> None:
    template = group["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": template["spec"]}
    kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    (container,) = template["spec"]["containers"]
    assert template["spec"]["securityContext"]["runAsNonRoot"] and "limits" in container["resources"]
    assert f"docker build -t {container['image']} " in DOCKERFILE
    pod["spec"] = {"containers": "none"}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)


def test_its_command_is_one_and_fills_the_workers() -> None:
    program, verb, *flags = shlex.split(JOB["spec"]["entrypoint"])
    options = cli.parse(ClassifyOptions, flags, verb=verb, about="", examples=())
    assert (program, verb, options.address) == ("roadsigns", "classify", "auto")
    (container,) = WORKERS["template"]["spec"]["containers"]
    assert options.predictors == WORKERS["replicas"] * int(container["resources"]["limits"]["cpu"])


def _needs() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(FOLDER.parent.parent / "setup.cfg")
    extras = "\n".join(value for name, value in setup["options.extras_require"].items() if name != "test")
    lines = f"{setup['options']['install_requires']}\n{extras}".splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_its_image_has_the_ray_of_the_job_and_what_the_package_asks_for() -> None:
    needs = [Requirement(each) for each in _needs()]
    (ray,) = (each for each in needs if each.name == "ray")
    version = CLUSTER["rayVersion"]
    assert ray.specifier.contains(version) and f"FROM rayproject/ray:{version}-py3" in DOCKERFILE
    installed = {(each.name, str(each.specifier)) for each in map(Requirement, re.findall(r'"(\w+>=\S+)"', DOCKERFILE))}
    assert installed <= {(each.name, str(each.specifier)) for each in needs}
    code = "import sys; from roadsigns import models; from roadsigns.classify import __main__, predictor as p"
    code += "; p.carried(models.find('small')).load(); print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    others = {each.name.lower() for each in needs} - {name.lower() for name, _ in installed} - {"roadsigns", "ray"}
    assert not others & set(loaded)


def test_its_dockerfile_passes_the_linter() -> None:
    linter = shutil.which("hadolint", path=Path(sys.executable).parent) or "hadolint"
    done = subprocess.run([linter, FOLDER / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
