#!/bin/sh
# Signs a request as docs/api-keys.md says, and sends it: METHOD TARGET [BODY]. Needs openssl and curl.
set -eu
method=$1
target=$2
body=${3-}
path=${target%%\?*}
query=${target#"$path"}
created=${ONSALE_NOW-$(date +%s)}
nonce=$(openssl rand -hex 16)

covered='"@method" "@path" "@query"'
base="\"@method\": $method
\"@path\": $path
\"@query\": ?${query#\?}"
set -- -sS -X "$method" -H "Idempotency-Key: $nonce"
if [ -n "$body" ]; then
    digest="sha-256=:$(printf %s "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
    covered="$covered \"content-digest\""
    base="$base
\"content-digest\": $digest"
    set -- "$@" -H 'Content-Type: application/json' -H "Content-Digest: $digest" --data-binary "$body"
fi
params="($covered);created=$created;nonce=\"$nonce\";keyid=\"$ONSALE_KEY\""
base="$base
\"@signature-params\": $params"

secret=$(printf %s "$ONSALE_KEY_SECRET" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signature=$(printf %s "$base" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | openssl base64 -A)
exec curl "$@" -H "Signature-Input: sig1=$params" -H "Signature: sig1=:$signature:" "$ONSALE_URL$target"
