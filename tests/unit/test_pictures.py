from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from local import pictures
from local.datasets import ensure_datasets
from rapor.catalogue import Catalogue
from tests.builders import a_catalogue

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    ensure_datasets(folder)
    return folder


def test_the_readme_shows_every_picture(data: Path, tmp_path: Path) -> None:
    written = pictures.draw(a_catalogue(), data, tmp_path)

    readme = (ROOT / "README.md").read_text()
    assert [f"docs/images/{path.name}" in readme for path in written] == [True] * 6
    drawn = {path.name for path in (ROOT / "docs/images").iterdir() if not path.name.startswith("console-")}
    assert {path.name for path in written} == drawn
    for path in written:
        with Image.open(path) as picture:
            assert picture.size == (1287, 910)


def test_the_document_says_what_was_asked_for(data: Path) -> None:
    users = a_catalogue().get("users")
    assert users is not None

    with pypdfium2.PdfDocument(pictures.document(users, {"date_from": "2025-12-01"}, data)) as pdf:
        first, last = (pdf[number].get_textpage().get_text_range() for number in (0, len(pdf) - 1))

    assert "Kayıt başlangıcı 01.12.2025" in first
    assert "Durum" not in first.partition("Aylara göre")[0]
    assert "Ara 2025" in first
    assert "Toplam" in last


def test_a_type_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="there is no report type users"):
        pictures.draw(Catalogue({}), tmp_path, tmp_path)
