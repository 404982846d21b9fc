#!/bin/sh
curl --silent --show-error --fail-with-body \
  --header "Authorization: Bearer $CHAT_TOKEN" \
  --header "Content-Type: text/plain" \
  --data-binary "${1:-deployed}" \
  "$CHAT_URL/api/v1/rooms/general/messages"
