import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Route, Switch } from "wouter";
import { meaningOf, ServiceError } from "#lib/service-error.ts";
import { EmptyState } from "./components/states.tsx";
import { View } from "./components/view.tsx";
import { SessionGate } from "./session/session-gate.tsx";
import { Shell } from "./shell/shell.tsx";
import { ShortcutsProvider } from "./shell/shortcuts.tsx";
import { EndpointsView } from "./views/endpoints/endpoints-view.tsx";
import { ExperimentsView } from "./views/experiments/experiments-view.tsx";
import { OverviewView } from "./views/overview/overview-view.tsx";
import { SetupView } from "./views/setup/setup-view.tsx";
import { TraceView } from "./views/trace/trace-view.tsx";
import { TracesView } from "./views/traces/traces-view.tsx";

const RETRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server says may be asked again is asked again; the rest is told at once.
      retry: (failures, error) =>
        failures < RETRIES_MAX && error instanceof ServiceError && meaningOf(error.kind).retry,
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
          </SessionGate>
        </Shell>
      </ShortcutsProvider>
    </QueryClientProvider>
  );
}
