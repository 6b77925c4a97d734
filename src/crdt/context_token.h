// The context token: what a client was shown of a key, opaque to it, handed back with a write.
//
//     base64url( version | key digest (8) | highest stamp | context | own dot? | signature (8) )
//
// Bound to its key and signed with the secret that all regions share, so it works in every region
// and a client can neither invent a context (which would erase what nobody read) nor use one key's
// for another. Carries the highest stamp the client saw, for rule 7.

#pragma once

#include <optional>

#include "base/ports.h"
#include "crdt/context.h"
#include "crdt/hybrid_clock.h"
#include "crdt/row_key.h"

namespace meridian::crdt {

struct ContextToken {
  Context context;
  Stamp stamp;
  // After a write that left siblings: the client's own version, and no more. A context entry for it
  // would also claim its actor's earlier siblings, which the client has not read.
  std::optional<Dot> own;
};

Bytes SealToken(const ContextToken& token, const RowKey& key, const Signer& signer);

// kInvalidArgument, with a sentence for the client, when it is not a token of this key.
Result<ContextToken> OpenToken(ByteView text, const RowKey& key, const Signer& signer);

}  // namespace meridian::crdt
