package fetch

import (
	"sync"
	"time"
)

// pool keeps idle connections for the next request.
type pool struct {
	idleTime time.Duration
	max      int

	mu     sync.Mutex
	closed bool
	idle   map[connKey][]*conn
	count  int
	wg     sync.WaitGroup // the watchers
}

// idleWatch is the goroutine that reads on an idle connection, so that its end
// is noticed at once and nothing is sent into a closed one.
type idleWatch struct {
	done  chan struct{} // closed when the watcher has stopped reading
	alive bool          // valid after done: nothing arrived and nothing broke
}

func newPool(o Options) *pool {
	return &pool{idleTime: o.IdleTime, max: o.MaxIdle, idle: map[connKey][]*conn{}}
}

// put keeps c, or closes it where there is no room.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	if p.closed || p.count >= p.max || p.idleTime <= 0 {
		p.mu.Unlock()
		c.Close()
		return
	}
	w := &idleWatch{done: make(chan struct{})}
	c.idle, c.reused = w, true
	p.idle[c.key] = append(p.idle[c.key], c)
	p.count++
	p.wg.Add(1)
	p.mu.Unlock()
	go p.watch(c, w)
}

// watch waits until the connection breaks, its time is over, or get interrupts
// it.
func (p *pool) watch(c *conn, w *idleWatch) {
	defer p.wg.Done()
	over := time.AfterFunc(p.idleTime, func() { c.expire(p) })
	defer over.Stop()
	_, err := c.br.Peek(1)
	taken := !p.remove(c)
	w.alive = taken && err != nil && isTimeout(err)
	close(w.done)
	if !taken {
		c.Close()
	}
}

// expire ends an idle connection's time.
func (c *conn) expire(p *pool) {
	if p.remove(c) {
		c.Close()
	}
}

// remove takes c out of the pool and reports whether it was there. Whoever
// removes a connection owns it.
func (p *pool) remove(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[c.key]
	for i := range list {
		if list[i] == c {
			p.drop(c.key, i)
			return true
		}
	}
	return false
}

// drop removes the i-th connection of a key; p.mu is held.
func (p *pool) drop(key connKey, i int) {
	list := p.idle[key]
	last := len(list) - 1
	list[i] = list[last]
	list[last] = nil
	if last == 0 {
		delete(p.idle, key)
	} else {
		p.idle[key] = list[:last]
	}
	p.count--
}

// get returns an idle connection that is known to be open, or nil.
func (p *pool) get(key connKey) *conn {
	for {
		p.mu.Lock()
		list := p.idle[key]
		if len(list) == 0 {
			p.mu.Unlock()
			return nil
		}
		c := list[len(list)-1]
		p.drop(key, len(list)-1)
		p.mu.Unlock()
		if c.wake() {
			return c
		}
		c.Close()
	}
}

// wake interrupts the watcher and reports whether the connection can be used.
func (c *conn) wake() bool {
	if err := c.SetReadDeadline(past()); err != nil {
		return false
	}
	<-c.idle.done
	if !c.idle.alive {
		return false
	}
	c.idle = nil
	return c.SetReadDeadline(time.Time{}) == nil
}

// close ends all idle connections and waits for their watchers. Connections
// that are put back later are closed.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = map[connKey][]*conn{}
	p.count = 0
	p.mu.Unlock()
	for _, list := range idle {
		for _, c := range list {
			c.Close()
		}
	}
	p.wg.Wait()
}

// isTimeout reports whether err is that of a deadline.
func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}
