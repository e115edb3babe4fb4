//! What went wrong with TLS, in words that help.

use std::error::Error as StdError;
use std::io;

use async_nats::rustls::{AlertDescription, CertificateError, Error as RustlsError};
use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions};

use crate::transport::Tls;

/// Tells the client what is set. `demanded`: the URL says that the connection has to be safe, of whichever server of a cluster.
pub(super) fn configure(mut options: ConnectOptions, tls: &Tls, demanded: bool) -> ConnectOptions {
    for roots in &tls.roots {
        options = options.add_root_certificates(roots.clone());
    }
    if let Some(identity) = &tls.identity {
        options = options.add_client_certificate(identity.certificate.clone(), identity.key.clone());
    }
    if tls.first {
        options = options.tls_first();
    }
    options.require_tls(demanded || tls.is_set())
}

/// What is wrong, and what to do, if a connection has failed because of TLS.
pub(super) fn trouble(error: &ConnectError) -> Option<String> {
    if let Some(error) = of_rustls(error) {
        return Some(explain(error));
    }
    // Files that can't be read, a name that can't be one.
    (error.kind() == ConnectErrorKind::Tls).then(|| format!("TLS can't be set up ({})", innermost(error)))
}

/// The client hides the error of TLS in one of input and output.
fn of_rustls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a RustlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &ConnectError) -> String {
    let mut error: &dyn StdError = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn explain(error: &RustlsError) -> String {
    let what = match error {
        RustlsError::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired: renew it"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet: look at both clocks"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for other names: connect by one of those, or have one made for this name"
            }
            CertificateError::Revoked => "the server's certificate has been revoked",
            _ => {
                "the server's certificate does not verify: put the certificate of the authority that has signed it into \
                 `ConnectOptions::tls.roots`"
            }
        },
        RustlsError::InvalidMessage(_) => {
            "the server does not speak TLS (or not yet): enable it there, or leave it out here (`nats://`, no `ConnectOptions::tls`)"
        }
        RustlsError::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => {
                "the server asks for a certificate: put one into `ConnectOptions::tls.identity`"
            }
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate => {
                "the server refuses this process's certificate (or that there is none): put one that it trusts into \
                 `ConnectOptions::tls.identity`"
            }
            _ => "the server breaks TLS off",
        },
        _ => "TLS fails",
    };
    format!("{what} ({error})")
}
