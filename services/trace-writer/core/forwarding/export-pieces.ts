import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/** A part of an export: an ExportTraceServiceRequest of one resource. Parts one after the other are an export too. */
export interface ExportPiece {
  readonly group: ResourceSpans;
  readonly spans: number;
  readonly bytes: Uint8Array;
}

/** Spans as parts of exports, none larger than `bytesMax` but where a single span is. */
export function piecesOf(groups: readonly ResourceSpans[], bytesMax: number): readonly ExportPiece[] {
  return groups.flatMap((group) => piecesWithin(pieceOf(group), bytesMax));
}

/** Parts in as few exports as hold at most `bytesMax`, or one part. */
export function exportsOf(pieces: readonly ExportPiece[], bytesMax: number): readonly (readonly ExportPiece[])[] {
  const exports: ExportPiece[][] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const last = exports.at(-1);
    if (last === undefined || bytes + piece.bytes.length > bytesMax) {
      exports.push([piece]);
      bytes = piece.bytes.length;
    } else {
      last.push(piece);
      bytes += piece.bytes.length;
    }
  }
  return exports;
}

/** An export in two halves. Undefined: it holds one span, or none. */
export function halvesOf(
  pieces: readonly ExportPiece[],
): readonly [readonly ExportPiece[], readonly ExportPiece[]] | undefined {
  if (pieces.length > 1) {
    const middle = Math.ceil(pieces.length / 2);
    return [pieces.slice(0, middle), pieces.slice(middle)];
  }
  const [only] = pieces;
  const halves = only && halvesOfPiece(only);
  return halves && [[halves[0]], [halves[1]]];
}

/** How many spans an export holds. */
export function spansIn(pieces: readonly ExportPiece[]): number {
  return pieces.reduce((sum, { spans }) => sum + spans, 0);
}

function pieceOf(group: ResourceSpans): ExportPiece {
  return {
    group,
    spans: group.scopeSpans.reduce((sum, { spans }) => sum + spans.length, 0),
    bytes: ExportTraceServiceRequest.encode({ resourceSpans: [group] }).finish(),
  };
}

function piecesWithin(piece: ExportPiece, bytesMax: number): readonly ExportPiece[] {
  const halves = piece.bytes.length > bytesMax ? halvesOfPiece(piece) : undefined;
  return halves === undefined ? [piece] : halves.flatMap((half) => piecesWithin(half, bytesMax));
}

function halvesOfPiece({ group, spans }: ExportPiece): readonly [ExportPiece, ExportPiece] | undefined {
  if (spans < 2) return undefined;
  const middle = Math.ceil(spans / 2);
  return [pieceOf(sliceOf(group, 0, middle)), pieceOf(sliceOf(group, middle, spans))];
}

/** The spans of a group from one place to another, in their scopes. */
function sliceOf(group: ResourceSpans, from: number, to: number): ResourceSpans {
  let at = 0;
  const scopeSpans = group.scopeSpans.map((scope) => {
    const spans = scope.spans.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += scope.spans.length;
    return { ...scope, spans };
  });
  return { ...group, scopeSpans: scopeSpans.filter(({ spans }) => spans.length > 0) };
}
