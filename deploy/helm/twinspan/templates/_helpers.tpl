{{- /* The names of what belongs to the release. */ -}}
{{- define "twinspan.name" -}}
{{- if contains "twinspan" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-twinspan" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* Labels that select the pods of a service: (list $ "gateway"). */ -}}
{{- define "twinspan.selector" -}}
app.kubernetes.io/name: twinspan
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* All labels of an object: (list $ "gateway"). */ -}}
{{- define "twinspan.labels" -}}
{{ include "twinspan.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{- /* twinspan.yaml: what the chart knows, and what the values say before it. */ -}}
{{- define "twinspan.config" -}}
{{- $known := include "twinspan.known" . | fromYaml -}}
{{- mustMergeOverwrite $known (mustDeepCopy .Values.config) | toYaml -}}
{{- end }}

{{- define "twinspan.known" -}}
ingress:
  listen: 0.0.0.0:8080
  gateway: { target: "dns:///{{ include "twinspan.name" . }}-gateway:7001", transport: exchange }
  traceWriter: dns:///{{ include "twinspan.name" . }}-trace-writer:7002
  drainDelayMs: 10000
  drainMs: 30000
gateway:
  listen: 0.0.0.0:7001
  ops: 0.0.0.0:7011
  traceWriter: dns:///{{ include "twinspan.name" . }}-trace-writer:7002
  drainMs: 30000
  outbox: { path: /var/lib/twinspan/outbox.db, drainMs: 60000 }
traceWriter:
  listen: 0.0.0.0:7002
  ops: 0.0.0.0:7012
  drainMs: 30000
  store: { use: sqlite, sqlite: { path: /var/lib/twinspan/traces.db } }
{{- end }}

{{- /* Whether several trace-writers may run: not empty, they may. */ -}}
{{- define "twinspan.sharedStore" -}}
{{- $config := include "twinspan.config" . | fromYaml -}}
{{- if ne $config.traceWriter.store.use "sqlite" }}yes{{ end -}}
{{- end }}

{{- /* What all pods have: (list $ "gateway" .Values.gateway). */ -}}
{{- define "twinspan.pod" -}}
{{- $root := index . 0 -}}{{- $values := index . 2 -}}
serviceAccountName: {{ include "twinspan.name" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "twinspan.selector" (list $root (index . 1)) | nindent 8 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* What all containers have: (list $ "gateway" .Values.gateway). */ -}}
{{- define "twinspan.container" -}}
{{- $root := index . 0 -}}{{- $values := index . 2 -}}
name: {{ index . 1 }}
image: {{ printf "%s:%s" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args: [services/{{ index . 1 }}/main.ts]
{{- $section := index . 1 | camelcase | untitle }}
{{- $workers := dig $section "workers" 1 $root.Values.config }}
{{- if and (not (kindIs "string" $workers)) (gt (int $workers) 1) }}
env: # half of the container's memory is what the heaps of its workers may grow to together
  - { name: NODE_OPTIONS, value: "--max-old-space-size-percentage={{ max 1 (div 50 (int $workers)) }}" }
{{- end }}
{{- with $values.secretEnv }}
envFrom:
  {{- range . }}
  - secretRef: { name: {{ . }} }
  {{- end }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml $values.resources | nindent 2 }}
{{- end }}

{{- /* Where every container reads its configuration, and may write what is not kept: (list .Values.gateway). */ -}}
{{- define "twinspan.mounts" -}}
- { name: config, mountPath: /etc/twinspan, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- with (index . 0).volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The volumes of these: (list $ .Values.gateway). The file is watched: it is mounted as a folder, so that changes arrive. */ -}}
{{- define "twinspan.volumes" -}}
- name: config
  configMap: { name: {{ include "twinspan.name" (index . 0) }} }
- name: tmp
  emptyDir: { sizeLimit: 256Mi }
{{- with (index . 1).volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Probes of a port, and how many seconds it may take to start: (list "ops" "HTTP" 120). Unready is told within six seconds. */ -}}
{{- define "twinspan.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: {{ index . 0 }}, scheme: {{ index . 1 }} }
  periodSeconds: 2
  failureThreshold: {{ div (index . 2) 2 }}
livenessProbe:
  httpGet: { path: /healthz, port: {{ index . 0 }}, scheme: {{ index . 1 }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: {{ index . 0 }}, scheme: {{ index . 1 }} }
  periodSeconds: 3
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}
