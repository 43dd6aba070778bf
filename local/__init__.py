"""
The AWS around the real functions, played on one machine.

    template, cloudformation   what `template.yaml` asks for
    aws                        DynamoDB, S3, SQS, KMS and EventBridge: moto, mended (moto_fixes)
    bucket_cors, presigned     what moto lets pass and S3 refuses
    bus, dead_letters          the event bus, and what goes to an on-failure destination
    state                      kept across restarts
    functions                  the functions' own code, called as Lambda calls it
    gateway, authorizer, cors, events, server   the HTTP API
    streams, patterns          the stream's event source mappings
    scheduler                  schedules of the template
    datasets                   the data sets of the shipped report types
    keys, tokens, manifest_key key pairs, tokens the gateway accepts, and what signs manifests
    service, run, first_order  all of it together: `make run`
    settings, home             what it is told, and the folder it keeps its things in
    served, watch              its report types, which authors edit while it runs
    cli, commands              `rapor`, and what it can do:
      report_types, drafts, schemas, hints   authors' report types: which there are, new ones, and what is wrong
      preview, parameters          a document without any AWS
      manifests, verification      whether a file is what its manifest says
      lost_rows                    what goes back out of a restored table
      smoke                        whether a service keeps its word
      arguments                    what several of them read
    errors, terminal           why a run or a command stops, and how that is said
    package, runtime, runtime_api, invoke   built packages in the real runtime
    stage, containers          a local AWS for `sam local`, and every event through it
    adopt                      a template that takes up what outlived its stack
    bound, licences, openapi, pictures      what pages of docs/ are written from, or kept to

For tests and first contact, on loopback; never a production server.
"""
