import type { ReactNode } from "react";
import { ServiceError } from "#lib/service-error.ts";
import { usePerson } from "./session.ts";
import { SignInView } from "./sign-in-view.tsx";

/** The views, or what asks for a key where the server wants one and has none. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { error } = usePerson();
  const isShut = error instanceof ServiceError && error.kind === "unauthenticated";
  return isShut ? <SignInView /> : children;
}
