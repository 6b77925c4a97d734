// Which messages of the ring a node takes when: before it has begun, without room on its disk, from
// a peer that goes by another view.
//
//     Replicate(id 7)   from view 3, here 4     refused: its ack would count among view 3's
//     Replicate(id 0)   from view 3, here 4     taken: whoever repairs counts nothing

#pragma once

#include "local/messages.h"

namespace meridian::node {

// What ends in writes. A node without room does not take it, and does not learn what it lacks
// either; whoever sent it has no ack and comes again.
bool NeedsRoom(const local::RingMessage& message);

// What must wait until a node has begun: answering it takes a life's name, or settled vectors.
bool NeedsLife(const local::RingMessage& message);

// What says something about a quorum, and so only among nodes that go by one view of the ring.
bool NeedsOneView(const local::RingMessage& message);

}  // namespace meridian::node
