package history

// queue is a heap of commits with the greatest rank on top, and of equals the
// one that was met first.
type queue []queued

type queued struct {
	rank  uint64
	index int32
}

func (a queued) before(b queued) bool {
	return a.rank > b.rank || a.rank == b.rank && a.index < b.index
}

func (q *queue) push(item queued) {
	*q = append(*q, item)
	heap := *q
	i := len(heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !item.before(heap[up]) {
			break
		}
		heap[i] = heap[up]
		i = up
	}
	heap[i] = item
}

// pop takes the top off a queue that is not empty.
func (q *queue) pop() queued {
	heap := *q
	top, last := heap[0], heap[len(heap)-1]
	heap = heap[:len(heap)-1]
	*q = heap
	i := 0
	for {
		down := 2*i + 1
		if down >= len(heap) {
			break
		}
		if down+1 < len(heap) && heap[down+1].before(heap[down]) {
			down++
		}
		if !heap[down].before(last) {
			break
		}
		heap[i] = heap[down]
		i = down
	}
	if len(heap) > 0 {
		heap[i] = last
	}
	return top
}
