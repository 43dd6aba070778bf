"""What each function reads from its environment, once, when it starts."""

import os
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

NonEmpty = Annotated[str, Meta(min_length=1)]
Positive = Annotated[int, Meta(ge=1)]
Megabytes = Annotated[int, Meta(ge=128)]  # the least that Lambda gives


class Settings(Struct, frozen=True):
    """Field `table_name` is read from variable `TABLE_NAME`, and so on."""

    @classmethod
    def from_environ(cls) -> Self:
        """
        Read and check the environment.

        Raises:
            SystemExit: Variables are missing or wrong; the message names each and prints no value.
        """
        read: dict[str, Any] = {}
        wrong: list[str] = []
        for field in msgspec.structs.fields(cls):
            variable = field.name.upper()
            try:
                if variable in os.environ:
                    read[field.name] = msgspec.convert(os.environ[variable], field.type, strict=False, dec_hook=_made)
                elif field.required:
                    wrong.append(f"{variable}: it is missing")
            except msgspec.ValidationError as error:
                wrong.append(f"{variable}: {error}")
        if wrong:
            raise SystemExit(f"the environment is wrong: {'; '.join(wrong)}")
        return cls(**read)


def _made(kind: type, text: str) -> Any:
    """What msgspec does not know itself, a path, from its text."""
    return kind(text)


class CreateReportSettings(Settings, frozen=True, kw_only=True):
    """Of `functions/create_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    max_unfinished: Positive


class EstimateReportSettings(Settings, frozen=True, kw_only=True):
    """Of `functions/process_report/estimate.py`; memory is in MB, and comes from Lambda itself as does what it is."""

    catalogue_path: Path
    data_location: NonEmpty
    aws_lambda_function_memory_size: Megabytes
    aws_execution_env: str = ""

    @property
    def owns_disk(self) -> bool:
        """Whether this is Lambda, where nobody else writes to the disk."""
        return self.aws_execution_env.startswith("AWS_Lambda_")


class ProcessReportSettings(EstimateReportSettings, frozen=True, kw_only=True):
    """Of `functions/process_report`; no `signing_key`, no signatures."""

    table_name: NonEmpty
    documents_bucket: NonEmpty
    retention_days: Positive
    event_bus: NonEmpty
    signing_key: str = ""


class ReadReportSettings(Settings, frozen=True, kw_only=True):
    """Of `functions/read_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    documents_bucket: NonEmpty
    retention_days: Positive


class UpdateReportSettings(Settings, frozen=True, kw_only=True):
    """Of `functions/update_report`."""

    table_name: NonEmpty
    catalogue_path: Path
    max_unfinished: Positive
    event_bus: NonEmpty


class SchedulerSettings(Settings, frozen=True, kw_only=True):
    """Of functions that speak to EventBridge Scheduler: the stack's group, whom it calls, and by which role."""

    schedule_group: NonEmpty
    schedule_target: NonEmpty
    schedule_role: NonEmpty


class SchedulesSettings(SchedulerSettings, frozen=True, kw_only=True):
    """Of `functions/schedules`."""

    table_name: NonEmpty
    catalogue_path: Path
    max_unfinished: Positive
    max_schedules: Positive


class SweepReportsSettings(SchedulerSettings, frozen=True, kw_only=True):
    """Of `functions/sweep_reports`."""

    table_name: NonEmpty
    documents_bucket: NonEmpty
    purge_days: Positive
    event_bus: NonEmpty
