// The browser's default of 30 s would show old data as live for that long; the server pings every 4 s (DashboardRegistration).
const serverTimeoutMs = 12000;

// The first attempt comes at once. There is no last one: LabNet may be down for an hour, and the page is to come back by itself.
const retryIntervalMs = 2000;

Blazor.start({
  circuit: {
    configureSignalR: connection => connection.withServerTimeout(serverTimeoutMs).withKeepAliveInterval(4000),
    reconnectionOptions: {
      maxRetries: undefined,
      retryIntervalMilliseconds: attempt => attempt === 0 ? 0 : retryIntervalMs,
      dialogId: 'components-reconnect-modal',
    },
  },
});
