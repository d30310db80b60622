{{- define "graphfleet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Leaves room for the longest suffix, "-scheduler". */}}
{{- define "graphfleet.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "graphfleet.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "graphfleet.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "graphfleet.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "graphfleet.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "graphfleet.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "component" "api"). */}}
{{- define "graphfleet.selectorLabels" -}}
app.kubernetes.io/name: {{ include "graphfleet.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "graphfleet.labels" -}}
{{ include "graphfleet.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: graphfleet
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "graphfleet.secretEnv" -}}
- name: DATABASE_URI
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secretName }}
      key: {{ .Values.database.secretKey }}
- name: REDIS_URI
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.secretName }}
      key: {{ .Values.redis.secretKey }}
{{- end -}}

{{/* A value as the text of a variable; large numbers keep their digits. */}}
{{- define "graphfleet.text" -}}
{{- if kindIs "string" . }}{{ quote . }}{{ else }}{{ toJson . | quote }}{{ end -}}
{{- end -}}

{{/* Plain variables from a map, as a list. */}}
{{- define "graphfleet.mapEnv" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ include "graphfleet.text" $value }}
{{- end }}
{{- end -}}

{{/* Which private networks webhooks may reach: asked when a run is made, and again when its webhook is sent. */}}
{{- define "graphfleet.webhookEnv" -}}
{{- with .Values.webhooks.allowedNetworks }}
- name: WEBHOOK_ALLOWED_NETWORKS
  value: {{ quote . }}
{{- end }}
{{- end -}}

{{- define "graphfleet.podMeta" -}}
annotations:
  checksum/config: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
  {{- if .root.Values.prometheusAnnotations }}
  prometheus.io/scrape: "true"
  prometheus.io/port: "8000"
  prometheus.io/path: /metrics
  {{- end }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
labels:
  {{- include "graphfleet.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "graphfleet.podPlace" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The root file system is read-only: compiled graphs live in a folder of the pod. */}}
{{- define "graphfleet.volumes" -}}
volumes:
  - name: tmp
    emptyDir: {}
{{- end -}}

{{- define "graphfleet.volumeMounts" -}}
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- end -}}

{{/* Loading graphs may take a while: the start has two minutes, after that an answer is due every ten seconds. */}}
{{- define "graphfleet.probes" -}}
startupProbe:
  httpGet: { path: /ok, port: http }
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /ok, port: http }
  periodSeconds: 5
  timeoutSeconds: 4
livenessProbe:
  httpGet: { path: /ok, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}
