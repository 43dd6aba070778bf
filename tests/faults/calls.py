"""
Every AWS operation that each function makes, as plain data; `test_single_faults` and `test_data_reads` keep it true.

What users' schedules add to it, in functions of their own and in these, `test_schedule_faults` has. Names are boto3's.
`DATA_READS` are what the engine's own S3 client asks of data sets, in the functions that open them.
"""

CALLS = {
    "CreateReport": {"BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems"},
    "ReadReport": {"BatchGetItem", "GetItem", "GetObject", "Query"},
    "UpdateReport": {"GetItem", "PutEvents", "Query", "UpdateItem"},
    "ProcessFast": {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "GetItem",
        "PutEvents",
        "PutObject",
        "Sign",
        "UpdateItem",
        "UploadPart",
    },
    "SweepReports": {
        "BatchGetItem",
        "DeleteItem",
        "DeleteObjects",
        "GetItem",
        "ListObjectVersions",
        "PutEvents",
        "PutItem",
        "Query",
        "UpdateItem",
    },
}
CALLS["ProcessHeavy"] = CALLS["ProcessFast"]  # the same code
DATA_READS = {"GetObject", "ListObjectsV2"}
BROKEN_ELSEWHERE = {"Schedules": "test_schedule_faults", "EstimateReport": "test_data_reads"}
