import pytest

from roadsigns.serving.models.version_folder import content_mark


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
