//! Three nats-servers that are one cluster.

use std::net::{Ipv4Addr, TcpListener};

use crate::{NatsServer, Settings};

/// A cluster of three servers, on loopback. Ended when dropped.
#[derive(Debug)]
pub struct Cluster {
    /// The servers.
    pub servers: Vec<NatsServer>,
}

impl Cluster {
    /// Starts three servers, and waits until each accepts connections. Their JetStream needs a moment more.
    ///
    /// # Panics
    ///
    /// As [`NatsServer::start`].
    pub async fn start() -> Self {
        // All are held until all are known, so that no two are the same.
        let listeners = [(); 3].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
        let ports = listeners.map(|listener| listener.local_addr().expect("its address").port());
        let routes = ports.map(|port| format!("\"nats-route://127.0.0.1:{port}\"")).join(", ");
        let servers = ports.iter().map(|port| {
            let cluster = format!("cluster {{ name: tests, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}");
            NatsServer::start_with(Settings {
                config: format!("server_name: n{port}\n{cluster}\n"),
                ..Settings::default()
            })
        });
        Self { servers: futures::future::join_all(servers).await }
    }

    /// The URLs of all servers, with commas between.
    #[must_use]
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }
}
