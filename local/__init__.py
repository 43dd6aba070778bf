"""Rapor on one machine: a stand-in for the AWS around the functions, the command line, and the tools that build."""
