import { ServiceError } from "#lib/service-error.ts";
import type { Sender } from "../providers/sender.ts";
import { type Models, PACKAGES, type PackageSettings } from "./packages.ts";

/**
 * Loads the package that translates for a provider; the second time it is there. Throws a ServiceError
 * `endpoint_unavailable` when it is not installed.
 */
export async function loadModels({
  name,
  options: { kind },
}: Pick<Sender, "name" | "options">): Promise<(settings: PackageSettings) => Models> {
  const { install, load } = PACKAGES[kind];
  try {
    return await load();
  } catch (error) {
    if (install === undefined || !isNotFound(error)) throw error;
    const message = `The provider ${name} (${kind}) takes requests of this format only in translation, and the package for that is not installed. Its operator must run \`npm install ${install}\` and restart the gateway.`;
    throw new ServiceError("endpoint_unavailable", message, { cause: error });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
