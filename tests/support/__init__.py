"""What tests are made with: studios, peers, servers, material, measurements."""
