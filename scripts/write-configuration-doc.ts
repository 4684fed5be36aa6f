import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationDoc, configurationJsonSchema } from "./configuration-doc.ts";

// `node write-configuration-doc.ts <directory>`: what is generated from the configuration's schema.
const [directory = "."] = process.argv.slice(2);
writeFileSync(join(directory, "docs/configuration.md"), configurationDoc());
writeFileSync(join(directory, "twinspan.schema.json"), configurationJsonSchema());
