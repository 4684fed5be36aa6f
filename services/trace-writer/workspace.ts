/** The one workspace there is for now. Every key of the store begins with a workspace, so that there can be more. */
export const WORKSPACE = "default";
