import about from "../package.json" with { type: "json" };

/** The version of twinspan that runs. */
export const VERSION = about.version;
