"""
The AWS around the real functions, played on one machine.

    template, cloudformation   what `template.yaml` asks for
    aws                        DynamoDB, S3, SQS and KMS: moto, mended (moto_fixes), links enforced (presigned)
    state                      kept across restarts
    functions                  the functions' own code, called as Lambda calls it
    gateway, authorizer, cors, events, server   the HTTP API
    streams, patterns          the stream's event source mappings
    scheduler                  schedules of the template
    datasets                   the data sets of the shipped report types
    keys, tokens, manifest_key key pairs, tokens the gateway accepts, and what signs manifests
    service, run, first_order  all of it together: `make run`
    cli, commands              `rapor`, and what it can do:
      preview, parameters, hints   a document without any AWS
      manifests, verification      whether a file is what its manifest says
      lost_rows                    what goes back out of a restored table
      arguments                    what several of them read
    package, runtime, invoke   built packages in the real runtime

For tests and first contact, on loopback; never a production server.
"""
