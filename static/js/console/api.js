/* The server's /api/v1, by the token of this device. */

const ANSWER_WITHIN_MS = 30_000;

/** No answer came: no network, or none in time, or a server that is down. Trying again helps. */
export class Unreachable extends Error {}

/** The whole request was refused, with a stable `code` and a sentence. */
export class Refused extends Error {
  constructor({ status, code, message }) {
    super(message);
    Object.assign(this, { status, code });
  }

  /** The token opens nothing any more. */
  get isFinal() {
    return this.status === 401 || this.status === 403;
  }
}

export class Api {
  constructor({ address, language, token }) {
    Object.assign(this, { address, language, token });
  }

  me() {
    return this.ask("me");
  }

  /** `known` is the roster this phone has: it comes back where nothing has changed. */
  async roster(shift, known = null) {
    const headers = known && known.tag ? { "If-None-Match": known.tag } : {};
    return (await this.ask(`shifts/${shift}/roster`, { headers })) || known;
  }

  /** The token opens nothing from now on. */
  signOff() {
    return this.ask("sign-off", { method: "POST" });
  }

  async checkins(scans) {
    return (await this.ask("checkins", { method: "POST", body: JSON.stringify({ scans }) })).scans;
  }

  async ask(path, options = {}) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_WITHIN_MS);
    try {
      const response = await fetch(this.address + path, {
        ...options,
        headers: {
          Authorization: `Bearer ${this.token}`,
          "Accept-Language": this.language,
          ...(options.body ? { "Content-Type": "application/json" } : {}),
          ...options.headers,
        },
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        signal: abort.signal,
      });
      return await this.read(response);
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Unreachable(String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  async read(response) {
    if (response.status === 204 || response.status === 304) return null;
    if (response.ok) {
      const tag = response.headers.get("ETag");
      return tag ? { ...(await response.json()), tag } : response.json();
    }
    const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/json");
    if (response.status >= 500 || !isOurs) throw new Unreachable(String(response.status));
    const { code = "", message = "" } = await response.json();
    throw new Refused({ status: response.status, code, message });
  }
}
