//! A secret is in the request that it is for, and nowhere else.
//!
//! The server here is hostile: it sends the secret back in every place and spelling it can think of. Then everything is
//! searched that a run leaves or says: journal, standard output, standard error with all diagnostics, what approvers
//! are shown, the state directory. Not even eight characters of any spelling may stand there.

mod desk;
mod echo;
mod errors;
mod forms;
mod library;
mod product;
mod refused;
