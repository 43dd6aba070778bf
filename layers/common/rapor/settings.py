"""What each function reads from its environment, once, when it starts."""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

NonEmpty = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """Field `table_name` is read from variable `TABLE_NAME`, and so on."""

    # hide_input: a failed start must not print the environment to the log
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @classmethod
    def from_environ(cls) -> Self:
        """
        Read and check the environment.

        Raises:
            SystemExit: Variables are missing or wrong; the message names each and prints no value.
        """
        found = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
            raise SystemExit(f"the environment is wrong: {wrong}") from None


class CreateReportSettings(Settings):
    """Of `functions/create_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    max_unfinished: Annotated[int, Field(ge=1)]


class ProcessReportSettings(Settings):
    """Of `functions/process_report`; memory is in MB and comes from Lambda itself; no `signing_key`, no signatures."""

    table_name: NonEmpty
    catalogue_path: Path
    documents_bucket: NonEmpty
    data_location: NonEmpty
    retention_days: Annotated[int, Field(ge=1)]
    event_bus: NonEmpty
    signing_key: str = ""
    aws_lambda_function_memory_size: Annotated[int, Field(ge=128)]


class EstimateReportSettings(Settings):
    """Of `functions/process_report/estimate.py`; memory is in MB and comes from Lambda itself."""

    catalogue_path: Path
    data_location: NonEmpty
    aws_lambda_function_memory_size: Annotated[int, Field(ge=128)]


class ReadReportSettings(Settings):
    """Of `functions/read_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    documents_bucket: NonEmpty


class UpdateReportSettings(Settings):
    """Of `functions/update_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    max_unfinished: Annotated[int, Field(ge=1)]
    event_bus: NonEmpty


class SweepReportsSettings(Settings):
    """Of `functions/sweep_reports`."""

    table_name: NonEmpty
    documents_bucket: NonEmpty
    purge_days: Annotated[int, Field(ge=1)]
    event_bus: NonEmpty
