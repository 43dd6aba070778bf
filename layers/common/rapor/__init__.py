"""
Rapor minus Lambda: a report is a row that must end in a document.

    report, errors          what a report is, what can go wrong: no I/O
    score, listing          a report that is a score; what can be asked of a list of reports
    schedule, timetable     what is ordered again and again; an expression and a zone to moments
    caller, catalogue       who asks, what can be asked for
    settings, locale        what functions are told, how documents speak
    figures, batches, sql   what the engine hands to documents, and what they ask it for
    deliveries              what tells the process function of a report
    manifest, record        what a document is, and who vouches for it; what of it the report keeps
    create order_score estimate process read read_score update redrive   the use cases, behind functions and commands
    sweep waiting announce purge orphans                                 what is done every minute
    scheduling settling run_schedule sweep_schedules                     and all of it for schedules
    turns                                                                who of them has how much of that minute
    http                    the doors: requests in, answers out
    store                   AWS: the table, the bucket, the event bus, EventBridge Scheduler, KMS
    data                    report SQL to rows
    documents               rows to PDF, Excel, CSV, JSON
"""

__version__ = "0.1.0"
