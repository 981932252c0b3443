#!/bin/sh
# Makes a small git repository out of the project, the changes and the graph, in the folder that is named or
# else in a temporary one, and prints where it is.
set -eu
here=$(dirname "$0")
folder=${1:-$(mktemp -d)}
mkdir -p "$folder/.metaensemble"                  # a project of its own, wherever the folder may be
cp -R "$here/project/." "$here/changes" "$here/graph.yaml" "$folder"
cd "$folder"
git init -q
git config user.name somebody
git config user.email somebody@example.com
git add .
git commit -q -m "A small project"
pwd
