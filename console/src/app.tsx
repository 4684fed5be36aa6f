import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { askedAgainMs, mayPass } from "./api/asked-again.ts";
import { EmptyState, LoadingLines } from "./components/states.tsx";
import { View } from "./components/view.tsx";
import { SessionGate } from "./session/session-gate.tsx";
import { Shell } from "./shell/shell.tsx";
import { ShortcutsProvider } from "./shell/shortcuts.tsx";
import { TraceView } from "./views/trace/trace-view.tsx";
import { TracesView } from "./views/traces/traces-view.tsx";

// Traces are what most people come for; what the other views need beside is fetched when they are opened.
const OverviewView = lazy(async () => ({ default: (await import("./views/overview/overview-view.tsx")).OverviewView }));
const ExperimentsView = lazy(async () => ({
  default: (await import("./views/experiments/experiments-view.tsx")).ExperimentsView,
}));
const EndpointsView = lazy(async () => ({
  default: (await import("./views/endpoints/endpoints-view.tsx")).EndpointsView,
}));
const SetupView = lazy(async () => ({ default: (await import("./views/setup/setup-view.tsx")).SetupView }));

const RETRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What may pass is asked again, before it is told and after; the rest is told at once.
      retry: (failures, error) => failures < RETRIES_MAX && mayPass(error),
      refetchInterval: askedAgainMs,
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
  },
});

/** The console: every address and its view. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <ShortcutsProvider>
        <Shell>
          <SessionGate>
            <Suspense fallback={<Opening />}>
              <Switch>
                <Route path="/" component={OverviewView} />
                <Route path="/experiments" component={ExperimentsView} />
                <Route path="/traces" component={TracesView} />
                <Route path="/traces/:id">{({ id }) => <TraceView key={id} traceId={id} />}</Route>
                <Route path="/endpoints" component={EndpointsView} />
                <Route path="/setup" component={SetupView} />
                <Route>
                  <View title="Not found">
                    <EmptyState icon="search" title="There is no such page">
                      <p>The address may be cut, or of another version.</p>
                    </EmptyState>
                  </View>
                </Route>
              </Switch>
            </Suspense>
          </SessionGate>
        </Shell>
      </ShortcutsProvider>
    </QueryClientProvider>
  );
}

function Opening() {
  return (
    <View title="…">
      <LoadingLines what="the view" />
    </View>
  );
}
