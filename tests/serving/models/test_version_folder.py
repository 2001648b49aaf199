import pytest

from roadsigns.serving.models.version_folder import content_mark, scan


def test_versions_are_folders_whose_name_is_a_number(tmp_path):
    for name in ("1", "007", "0", str(2**63 - 1), str(2**63), "-1", "1.5", "٣", "latest", ".2.abc", "9" * 200):
        (tmp_path / name).mkdir()
    (tmp_path / "5").touch()
    assert scan(tmp_path) == {
        0: tmp_path / "0",
        1: tmp_path / "1",
        7: tmp_path / "007",
        2**63 - 1: tmp_path / str(2**63 - 1),
    }


def test_of_two_folders_of_one_number_the_first_counts(tmp_path):
    for name in ("3", "03"):
        (tmp_path / name).mkdir()
    assert scan(tmp_path) == {3: tmp_path / "03"}


def test_a_folder_that_is_missing_is_not_an_empty_one(tmp_path):
    assert scan(tmp_path) == {}
    assert scan(tmp_path / "missing") is None
    (tmp_path / "file").touch()
    assert scan(tmp_path / "file") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "a").write_text("longer"),
        lambda folder: (folder / "a").unlink(),
        lambda folder: (folder / "a").rename(folder / "b"),
    ],
)
def test_the_mark_changes_with_the_files(tmp_path, change):
    folder = tmp_path / "1" / "variables"
    folder.mkdir(parents=True)
    (folder / "a").write_text("a")
    before = content_mark(tmp_path / "1")
    assert content_mark(tmp_path / "1") == before
    change(folder)
    assert content_mark(tmp_path / "1") != before


def test_the_mark_passes_over_a_link_to_nothing(tmp_path):
    (tmp_path / "a").write_text("a")
    before = content_mark(tmp_path)
    (tmp_path / "link").symlink_to("nowhere")
    assert content_mark(tmp_path) == before


def test_the_mark_of_a_folder_of_very_many_files_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("roadsigns.serving.models.version_folder._MOST_FILES", 3)
    for name in "abcde":
        (tmp_path / name).touch()
    assert len(content_mark(tmp_path)) == 3
