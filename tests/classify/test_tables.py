"""Parquet files of pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from roadsigns.classify import tables
from roadsigns.classify.buckets import Buckets
from roadsigns.classify.tables import Table
from roadsigns.errors import DataError


def write(columns: dict[str, pyarrow.Array], rows: int = 2) -> Table:
    parquet.write_table(pyarrow.table(columns), "a.parquet", row_group_size=rows)
    return Table("a.parquet", Buckets())


def read(table: Table, rows: list[int]) -> list[bytes]:
    return [data for group, of in table.groups() for data in table.pictures(group, [row for row in rows if row in of])]


@pytest.fixture(autouse=True)
def _stand(here: Path) -> None:
    pass


@pytest.mark.parametrize("kind", [pyarrow.binary(), pyarrow.large_binary()])
def test_bytes_are_found_by_their_row(kind: pyarrow.DataType) -> None:
    table = write({"label": pyarrow.array([1] * 5), "image": pyarrow.array([b"0", b"1", None, b"3", b"4"], kind)})
    assert (table.column, table.holds_names) == ("image", False)
    assert list(table.groups()) == [(0, range(2)), (1, range(2, 4)), (2, range(4, 5))]
    assert read(table, [0, 2, 3, 4]) == [b"0", b"", b"3", b"4"]


def test_hugging_faces_pictures_are_structs() -> None:
    values = [{"bytes": b"0", "path": "a.png"}, {"bytes": None, "path": "b.png"}, None]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    assert read(write({"image": pyarrow.array(values, kind)}), [0, 1, 2]) == [b"0", b"", b""]


def test_rows_far_into_a_group_are_read() -> None:
    table = write({"image": pyarrow.array([b"%d" % number for number in range(1000)])}, rows=700)
    assert read(table, [5, 400, 699, 700, 999]) == [b"5", b"400", b"699", b"700", b"999"]


def test_names_are_relative_to_the_table() -> None:
    Path("deep").mkdir()
    column = pyarrow.array(["a.png", "/b.png", "s3://bucket/c.png"])
    parquet.write_table(pyarrow.table({"path": column}), "deep/a.parquet")
    table = Table("deep/a.parquet", Buckets())
    assert table.holds_names and list(table.names()) == ["deep/a.png", "/b.png", "s3://bucket/c.png"]


def test_other_columns_are_refused() -> None:
    message = "'a.parquet' has the columns label, image: expected one of picture files' bytes, called image, img, "
    with pytest.raises(DataError, match=re.escape(message)):
        write({"label": pyarrow.array([1]), "image": pyarrow.array([1.5])})


def test_a_damaged_file_is_told() -> None:
    Path("a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"'a.parquet' is damaged, or no Parquet file: "):
        Table("a.parquet", Buckets())


def test_a_table_in_a_bucket_is_read(s3: str, signs: dict[str, bytes]) -> None:
    write({"image": pyarrow.array([signs["0.png"]])})
    where = Buckets()
    system, path = where.open(f"{s3}/a.parquet")
    with system.open_output_stream(path) as file:
        file.write(Path("a.parquet").read_bytes())
    assert read(Table(f"{s3}/a.parquet", where), [0]) == [signs["0.png"]]
    assert tables.row_name("s3://bucket/a.parquet", 0) == "s3://bucket/a.parquet#0"
