import re
from pathlib import Path

import pytest

from roadsigns.errors import UsageError
from roadsigns.serving.models.model_config import LATEST, ModelConfig, VersionPolicy, read

FOUND = {number: Path(str(number)) for number in (3, 1, 10, 2)}


@pytest.mark.parametrize(
    ("policy", "numbers"),
    [
        (LATEST, [10]),
        (VersionPolicy(latest=3), [2, 3, 10]),
        (VersionPolicy(latest=9), [1, 2, 3, 10]),
        (VersionPolicy(), [1, 2, 3, 10]),
        (VersionPolicy(specific=(3, 4, 1)), [1, 3]),
    ],
)
def test_a_policy_chooses_versions(policy, numbers):
    assert policy.choose(FOUND) == {number: FOUND[number] for number in numbers}
    assert policy.choose({}) == {}


def test_a_file_is_read(tmp_path):
    file = tmp_path / "models.txt"
    file.write_text(
        """
        model_config_list {
          config { name: "one" base_path: "/models/one" model_platform: "tensorflow" }
          config {
            name: "two" base_path: "/models/two"
            model_version_policy { specific { versions: 4 versions: 2 } }
            version_labels { key: "stable" value: 2 }
            version_labels { key: "canary" value: 4 }
          }
          config { name: "three" base_path: "/models/three" model_version_policy { all {} } }
          config { name: "four" base_path: "/models/four" model_version_policy { latest { num_versions: 2 } } }
        }
        """
    )
    assert read(file) == (
        ModelConfig("one", Path("/models/one")),
        ModelConfig("two", Path("/models/two"), VersionPolicy(specific=(4, 2)), {"stable": 2, "canary": 4}),
        ModelConfig("three", Path("/models/three"), VersionPolicy()),
        ModelConfig("four", Path("/models/four"), VersionPolicy(latest=2)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have a model_config_list"),
        ("model_config_list { config { base_path: '/a' } }", "must have a name and a base_path"),
        ("model_config_list { config { name: 'a' } }", "must have a name and a base_path"),
        (
            "model_config_list { config { name: 'a' base_path: '/a' } config { name: 'a' base_path: '/b' } }",
            "More than once: a",
        ),
        ("model_config_list { config { name: 'a' base_path: '/a' model_platform: 'x' } }", "must be 'tensorflow'"),
        (
            "model_config_list { config { name: 'a' base_path: '/a' model_version_policy { specific {} } } }",
            "must name versions",
        ),
        ("model_config_list { config { nam: 'a' } }", 'no field named "nam"'),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    file = tmp_path / "models.txt"
    file.write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        read(file)
