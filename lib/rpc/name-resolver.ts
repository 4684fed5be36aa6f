import { type ChannelOptions, experimental, Metadata, status } from "@grpc/grpc-js";
import { type HostPort, lookUp, mayMove, type NamedHosts, namedHostsOf } from "./named-hosts.ts";

/** The channel option that says how often names are looked up, in milliseconds. */
export const LOOK_UP_MS_OPTION = "twinspan.look_up_ms";

const LOOK_UP_MS = 10_000;
/** When a connection was lost, or a look-up failed, names are looked up at once, but not more often than this. */
const LOOK_UP_AGAIN_MS = 1_000;

/**
 * Tells a channel where the servers are that its target names, and again whenever that has changed: names are looked up
 * every `twinspan.look_up_ms` (10 seconds), and when a connection is lost. gRPC's own resolver looks only then, so that
 * copies which came get no call for as long as all connections hold. While names cannot be looked up, the addresses
 * that are known stay in use.
 */
export class NameResolver implements experimental.Resolver {
  readonly #named: NamedHosts;
  readonly #tell: experimental.ResolverListener;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isLookingUp = false;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  /** What the channel was told last, in a fixed order. */
  #told = "";
  /** Counts up when what is under way is nobody's any more. */
  #life = 0;

  constructor({ path, authority }: experimental.GrpcUri, tell: experimental.ResolverListener, options: ChannelOptions) {
    this.#named = namedHostsOf(path, authority);
    this.#tell = tell;
    const everyMs: unknown = options[LOOK_UP_MS_OPTION];
    this.#everyMs = typeof everyMs === "number" ? everyMs : LOOK_UP_MS;
  }

  updateResolution(): void {
    if (this.#isLookingUp) return;
    if (this.#told !== "" && !mayMove(this.#named)) return;
    const leftMs = this.#lookedUpAtMs + LOOK_UP_AGAIN_MS - performance.now();
    if (leftMs > 0) this.#lookUpIn(leftMs);
    else void this.#lookUp();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#life += 1;
    this.#isLookingUp = false;
    this.#lookedUpAtMs = Number.NEGATIVE_INFINITY;
    this.#told = "";
  }

  /** The first host: what certificates of all of them must be for, unless it is said otherwise. */
  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return path.split(",", 1)[0] ?? path;
  }

  #lookUpIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookUp(), ms).unref();
  }

  async #lookUp(): Promise<void> {
    const life = this.#life;
    this.#isLookingUp = true;
    this.#lookedUpAtMs = performance.now();
    const outcome = await lookUp(this.#named).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    if (life !== this.#life) return;
    this.#isLookingUp = false;
    if (outcome instanceof Error) {
      const details = `Name resolution failed: ${outcome.message}`;
      const failure = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
      this.#tell(experimental.statusOrFromError(failure), {}, null, "");
      this.#lookUpIn(LOOK_UP_AGAIN_MS);
      return;
    }
    this.#use(outcome);
    if (mayMove(this.#named)) this.#lookUpIn(this.#everyMs);
  }

  /** A channel that is told addresses anew begins with all of them anew: it is told what has changed only. */
  #use(found: readonly HostPort[]): void {
    const told = JSON.stringify(found.map(({ host, port }) => `${host} ${port}`).toSorted());
    if (told === this.#told) return;
    this.#told = told;
    const endpoints = found.map(({ host, port }) => ({ addresses: [{ host, port }] }));
    this.#tell(experimental.statusOrFromValue(endpoints), {}, null, "");
  }
}
