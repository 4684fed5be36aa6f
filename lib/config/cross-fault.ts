/** Something that settings are wrong about together. */
export interface CrossFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
