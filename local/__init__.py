"""
The AWS around the real functions, played on one machine.

    template, cloudformation   what `template.yaml` asks for
    aws                        DynamoDB, S3 and SQS: moto, mended (moto_fixes), links enforced (presigned)
    state                      kept across restarts
    functions                  the functions' own code, called as Lambda calls it
    gateway, authorizer, events, server   the HTTP API
    streams, patterns          the stream's event source mappings
    scheduler                  schedules of the template
    tokens                     a key pair, and tokens the gateway accepts
    service, run, first_order, cli   all of it together: `make run`, and `rapor`
    datasets                   the data sets of the shipped report types
    package, runtime, invoke   built packages in the real runtime

For tests and first contact, on loopback; never a production server.
"""
