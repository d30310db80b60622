#!/bin/sh
# Names of processes become Node itself, so that signals reach it; anything else is run as it stands.
set -e
case "${1:-api}" in
  api | worker | scheduler)
    name=${1:-api}
    [ $# -eq 0 ] || shift
    exec node --enable-source-maps "/app/apps/$name/dist/main.js" "$@"
    ;;
  migrate)
    shift
    exec node --enable-source-maps /app/packages/postgres/dist/migrate-main.js "$@"
    ;;
  *) exec "$@" ;;
esac
