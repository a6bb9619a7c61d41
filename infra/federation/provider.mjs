// An OpenID provider that is not ours: npm's `oidc-provider`, certified for OpenID Connect. Started by story.py, with the
// folder that `npm install oidc-provider` was run in as the current one.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${process.cwd()}/`));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  // What stands in the ID token, without a request of its own.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@idp.example.org`, email_verified: true, name: id }),
  }),
});
provider.listen(Number(port), "localhost", () => console.log("listening"));
