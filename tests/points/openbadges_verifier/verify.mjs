// Verifies one Open Badge with @digitalcredentials/verifier-core, without a network.
//
// In: {"credential": {...}, "documents": {"https://…": {...}}} on standard input.
// Out: what the verifier says, and which addresses it asked for, as JSON on standard output.
import { readFileSync } from "node:fs";

const { credential, documents } = JSON.parse(readFileSync(0, "utf8"));
const asked = [];

// Before the verifier is loaded: it takes hold of fetch when it starts.
globalThis.fetch = async (request) => {
  const address = typeof request === "string" ? request : (request.url ?? String(request));
  asked.push(address);
  if (!(address in documents)) {
    return new Response("not here", { status: 404 });
  }
  return new Response(JSON.stringify(documents[address]), {
    status: 200,
    headers: { "content-type": "application/json" },
  });
};
// What the verifier prints on the side must not get between the lines of the answer.
console.log = console.info = console.warn = (...words) => console.error(...words);

const { verifyCredential } = await import("@digitalcredentials/verifier-core");
const { errors, log, additionalInformation } = await verifyCredential({
  credential,
  knownDIDRegistries: [],
});
const plain = (errors ?? []).map(({ name, message }) => ({ name, message }));
const answer = { errors: plain, log: log ?? [], additionalInformation, asked };
process.stdout.write(JSON.stringify(answer));
