import { Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { type Authority, type Presented, requireNeed } from "../auth/authority.ts";
import type { Identity } from "../auth/identity.ts";
import { METHOD_NEEDS } from "../auth/method-needs.ts";
import { type ServiceError, serviceErrorOf } from "../service-error.ts";
import { certifiedPeerOf } from "../tls/certified-peer.ts";
import { type MetadataTexts, textsOf } from "./metadata-texts.ts";
import { rpcFailureOf } from "./status-details.ts";

/** Who checks the callers of a server, and who hears of those that it turns away. */
export interface Door {
  readonly authority: Authority;
  /** `method` is the RPC's path; the identity is undefined where nobody knows who it is. */
  onRefused(error: ServiceError, method: string, identity: Identity | undefined): void;
}

const identities = new WeakMap<Metadata, Identity>();

/** Who makes the call of this metadata. Throws where nobody has checked it, which is a bug. */
export function identityOf(callMetadata: Metadata): Identity {
  const identity = identities.get(callMetadata);
  if (identity === undefined) throw new Error("a call came to its handler unchecked");
  return identity;
}

/**
 * Who makes a call that came with others on one stream, by its own metadata. Throws a ServiceError, or rejects with
 * one, where that is nobody, and says so at the door. A promise only where a token must be checked.
 */
export function identifyAt(
  { authority, onRefused }: Door,
  method: string,
  metadata: MetadataTexts,
  peer: Presented["peer"],
): Identity | Promise<Identity> {
  const refuse = (thrown: unknown): never => {
    const error = serviceErrorOf(thrown);
    onRefused(error, method, undefined);
    throw error;
  };
  try {
    const identity = authority.identify({ header: (name) => metadata.get(name), peer });
    return identity instanceof Promise ? identity.catch(refuse) : identity;
  } catch (error) {
    return refuse(error);
  }
}

/**
 * Finds out who makes each call, and refuses those that may not, before their request is read. A method that
 * `METHOD_NEEDS` does not have is refused to everyone.
 */
export function checkRights({ authority, onRefused }: Door): ServerInterceptor {
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, pass) {
            const need = METHOD_NEEDS[method.path];
            const refuse = (thrown: unknown, identity: Identity | undefined) => {
              const error = serviceErrorOf(thrown);
              onRefused(error, method.path, identity);
              const { code, details, metadata: trailers } = rpcFailureOf(error, new Metadata());
              call.sendStatus({ code, details, metadata: trailers });
            };
            const admit = (identity: Identity) => {
              try {
                if (need === undefined) throw new Error(`nobody has said what ${method.path} asks of its callers`);
                requireNeed(need, identity);
              } catch (error) {
                refuse(error, identity);
                return;
              }
              identities.set(metadata, identity);
              pass(metadata);
            };
            if (need === "nothing") {
              pass(metadata);
              return;
            }
            try {
              const identity = authority.identify({
                header: textsOf(metadata).get,
                peer: certifiedPeerOf(call.getAuthContext().sslPeerCertificate),
              });
              if (identity instanceof Promise) identity.then(admit, (error) => refuse(error, undefined));
              else admit(identity);
            } catch (error) {
              refuse(error, undefined);
            }
          },
        }),
    });
}
