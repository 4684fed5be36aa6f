import { Metadata } from "@grpc/grpc-js";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

const NAME = /^[0-9a-z_.-]+$/;
const VALUE = /^[\x20-\x7e]*$/;

/** A list of headers as metadata. What gRPC would not take, and what is binary, is left out. */
export function metadataOf(headers: readonly Header[]): Metadata {
  const metadata = new Metadata();
  for (const { name, value } of headers) {
    if (NAME.test(name) && !name.endsWith("-bin") && VALUE.test(value)) metadata.add(name, value);
  }
  return metadata;
}

/** Metadata as a list of headers: the first value of each name. What is binary is left out. */
export function headersOf(metadata: Metadata): Header[] {
  const headers: Header[] = [];
  for (const [name, value] of Object.entries(metadata.getMap())) {
    if (typeof value === "string") headers.push({ name, value });
  }
  return headers;
}
