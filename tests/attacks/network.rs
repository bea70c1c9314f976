//! Attacks on the network by the guests of `guest-tools/hostile`: nobody but the granted server is ever called.

use std::sync::Arc;

use wasm_agent_tests::resolver::Names;
use wasm_agent_tests::{Folder, Recorded, Scene, Server};

use crate::fixture::held;

fn grant(server: &Server) -> String {
    format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n", server.url("/**"))
}

fn attack(guest: &str, policy: &str, arguments: &[&str]) -> Recorded {
    let folder = Folder::new();
    // Whatever the guest makes of a name, no name server may see it.
    let names = Arc::new(Names::default());
    let scene =
        Scene::guest(&folder, guest).policy(policy).resolver(names.clone()).arguments(arguments.iter().copied());
    let run = held(&folder, scene);
    assert_eq!(names.asked(), 0, "a name was looked up");
    run
}

#[test]
fn other_host_is_held() {
    let (granted, other) = (Server::text("granted"), Server::text("other"));
    let run = attack("other-host", &grant(&granted), &[&granted.url("/"), &other.url("/")]);
    assert_eq!(other.connections(), 0);
    assert!(run.denials().contains(&"no-grant".to_owned()), "{:?}", run.denials());
    let host = granted.address().to_string();
    assert!(granted.asked().iter().all(|asked| asked.host == host), "{:?}", granted.asked());
}

#[test]
fn other_port_is_held() {
    let (granted, other) = (Server::text("granted"), Server::text("other"));
    let run = attack("other-port", &grant(&granted), &[&granted.url("/"), &other.port().to_string()]);
    assert_eq!(other.connections(), 0);
    assert_eq!(granted.asked().len(), 1);
    assert!(run.denied_calls() >= 3, "{:?}", run.denials());
}

#[test]
fn metadata_address_is_held_without_a_grant() {
    let run = attack("metadata-address", "", &[]);
    // Each spelling is denied: as an address that nothing grants, or as a URL that no request can have.
    assert_eq!(run.denials(), ["no-grant", "url"]);
    assert!(run.denied_calls() >= 20, "{}", run.denied_calls());
    assert!(run.effects().is_empty());
}

#[test]
fn metadata_address_is_held_where_a_wildcard_grants_every_host() {
    let folder = Folder::new();
    let policy = "[[http]]\nurl = \"http://*.internal/**\"\n[[http]]\nurl = \"http://*.test/**\"\n";
    let link_local = "169.254.169.254".parse().unwrap();
    let names = Arc::new(Names::one("metadata.google.internal", [link_local]));
    let run = Scene::guest(&folder, "metadata-address").policy(policy).resolver(names).run();
    run.exited(0);
    let outcomes = run.events_of("outcome");
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0]["result"], "denied");
}

#[test]
fn name_that_leads_inside_is_not_dialled() {
    let server = Server::text("inside");
    let port = server.port();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "64:ff9b::7f00:1", "2002:7f00:1::"] {
        let folder = Folder::new();
        let names = Arc::new(Names::one("rebound.test", [address.parse().unwrap()]));
        let url = format!("http://rebound.test:{port}/");
        let run = Scene::guest(&folder, "fetch-page")
            .policy(format!("[[http]]\nurl = \"{url}**\"\n"))
            .resolver(names)
            .arguments([url.as_str()])
            .run();
        run.exited(1);
        assert_eq!(run.events_of("outcome")[0]["result"], "denied", "{address}");
        assert!(run.stderr.contains("the request was denied"), "{address}: {}", run.stderr);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn sockets_are_held_and_recorded() {
    let run = attack("socket", "", &[]);
    let calls = run.events_of("call");
    let sockets = calls.iter().filter(|call| {
        let name = call["function"].as_str().unwrap();
        name.ends_with("#create-tcp-socket")
            || name.ends_with("#create-udp-socket")
            || name.contains("resolve-addresses")
    });
    let decisions: Vec<_> = sockets.map(|call| call["decision"]["verdict"].clone()).collect();
    assert!(decisions.len() >= 6, "{decisions:?}");
    assert!(decisions.iter().all(|verdict| verdict == "deny"), "{decisions:?}");
}

#[test]
fn sockets_are_held_whatever_is_granted() {
    let server = Server::text("granted");
    attack("socket", &grant(&server), &[]);
    assert_eq!(server.connections(), 0);
}
