import pytest

from rapor.settings import CreateReportSettings


def test_settings_are_read_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TABLE_NAME", "t"), ("CATALOGUE_PATH", "/c"), ("MAX_UNFINISHED", "7")):
        monkeypatch.setenv(name, value)

    assert CreateReportSettings.from_environ().max_unfinished == 7


def test_a_bad_environment_names_every_variable_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLE_NAME", raising=False)
    monkeypatch.setenv("CATALOGUE_PATH", "/c")
    monkeypatch.setenv("MAX_UNFINISHED", "s3cret")

    with pytest.raises(SystemExit) as raised:
        CreateReportSettings.from_environ()

    assert "TABLE_NAME" in str(raised.value)
    assert "MAX_UNFINISHED" in str(raised.value)
    assert "s3cret" not in str(raised.value)
