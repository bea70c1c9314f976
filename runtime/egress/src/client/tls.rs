//! TLS: which servers the client trusts, and the handshake.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{ClientError, ExchangeError, classify_io};
use super::{Host, Protocol};

/// Versions offered in the handshake, best first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The certificate authorities to trust. The platform's are read at the first TLS handshake: a tool that needs none
/// starts faster.
pub(super) struct Tls {
    extra: RootCertStore,
    platform_roots: bool,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(extra_roots_pem: &[Vec<u8>], platform_roots: bool) -> Result<Self, ClientError> {
        let mut extra = RootCertStore::empty();
        for (index, pem) in extra_roots_pem.iter().enumerate() {
            add_roots(&mut extra, pem).map_err(|reason| ClientError::RootUnreadable { index, reason })?;
        }
        // Nothing below depends on the roots: if this works now, it works later.
        client_config(RootCertStore::empty()).map_err(ClientError::Tls)?;
        Ok(Self { extra, platform_roots, config: OnceCell::new() })
    }

    /// Does the TLS handshake on `stream` with `host`, which the certificate must name.
    pub(super) async fn handshake(
        &self,
        stream: TcpStream,
        host: &Host,
    ) -> Result<(TlsStream<TcpStream>, Protocol), ExchangeError> {
        let config = self.config.get_or_try_init(|| self.load()).await?;
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(server_name(host)?, stream).await.map_err(|error| classify_io(&error))?;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        };
        Ok((stream, protocol))
    }

    /// Reads the platform's roots.
    ///
    /// # Authority
    ///
    /// Reads the certificate store of the system, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead.
    async fn load(&self) -> Result<Arc<ClientConfig>, ExchangeError> {
        let mut roots = self.extra.clone();
        if self.platform_roots {
            let loading = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
            let platform =
                loading.await.map_err(|error| ExchangeError::TlsProtocol(rustls::Error::General(error.to_string())))?;
            for error in &platform.errors {
                tracing::warn!(%error, "a certificate authority of the platform could not be read");
            }
            // Real stores contain certificates that no one can parse; the others still count.
            let (added, ignored) = roots.add_parsable_certificates(platform.certs);
            tracing::debug!(added, ignored, "read the platform's certificate authorities");
        }
        let config = client_config(roots).map_err(ExchangeError::TlsProtocol)?;
        Ok(Arc::new(config))
    }
}

/// TLS 1.2 and 1.3 with ring; certificates are verified; no client certificate.
fn client_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn add_roots(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        found = true;
    }
    if found { Ok(()) } else { Err("it contains no certificate".to_owned()) }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, ExchangeError> {
    match host {
        // A certificate names a host without the trailing dot of a fully qualified name.
        Host::Name(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
            .map_err(|error| ExchangeError::TlsProtocol(rustls::Error::General(error.to_string()))),
        Host::Ip(address) => Ok(ServerName::from(*address)),
    }
}
