#!/bin/sh
# Runs the example with nobody at the terminal: every answer is a command. The version is taken from
# the environment variable VERSION; what is given on the command line goes to `me dag run`.
set -eu
here=$(dirname "$0")
version=${VERSION:-0.1.0}

# Exit code 4 says that the DAG run waits for somebody.
until_asked() { "$@" </dev/null || test $? -eq 4; }

report=$(until_asked me dag run "$here/graph.yaml" --json --quiet "$@")
id=$(printf '%s\n' "$report" | sed -n 's/^  "dag_run_id": "\(.*\)",$/\1/p')

me -C "$here" dag approve "$id" version --answer "\"$version\""
until_asked me -C "$here" dag resume "$id" --quiet

me -C "$here" dag approve "$id" look-over --no           # drafted anew, and asked again
until_asked me -C "$here" dag resume "$id" --quiet

me -C "$here" dag approve "$id" look-over --yes
me -C "$here" dag resume "$id"
