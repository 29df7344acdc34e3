"""A planner for gym-pusht's PushT: straight pushes are tried in a copy of the simulator, and the best one, with the way to
where it begins, is carried out. It sees the block's true pose and knows the physics; policies that learn from it do not.

    pip install gym-pusht numpy
"""

import numpy as np
import shapely
from gym_pusht.envs.pusht import PushTEnv

GOAL = (256, 256, np.pi / 4)
RADIUS = 15  # of the agent
MARGIN = 3
WALLS = (20, 492)
STEPS = 12  # of a push, at most
TURNS = (-0.6, 0, 0.6)  # of a push, from straight at the outline


def turned(points, angle):
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s], [-s, c]])


class Planner:
    def __init__(self):
        self.copy = PushTEnv()
        self.copy._setup()
        self.corners = [np.array([tuple(corner) for corner in shape.get_vertices()]) for shape in self.copy.block.shapes]
        outline = shapely.union_all([shapely.Polygon(part).buffer(0.01) for part in self.corners]).simplify(0.5)
        self.ring = np.array(outline.exterior.coords)
        starts, normals = [], []
        for a, b in zip(self.ring[:-1], self.ring[1:]):
            length = np.linalg.norm(b - a)
            normal = np.array([b[1] - a[1], a[0] - b[0]]) / length
            if outline.contains(shapely.Point((a + b) / 2 + normal)):
                normal = -normal
            count = max(1, int(length // 12))
            for share in (np.arange(count) + 0.5) / count:
                starts.append(a + (b - a) * share + normal * (RADIUS + MARGIN))
                normals.append(normal)
        self.starts, self.normals = np.array(starts), np.array(normals)
        self.wanted = self.keypoints(GOAL)
        self.plan = []

    def keypoints(self, pose):
        return turned(np.concatenate(self.corners), pose[2]) + pose[:2]

    def distance(self, pose):
        """How far the block's corners are from where they should be, on average."""
        return np.sqrt(np.square(self.keypoints(pose) - self.wanted).sum(1)).mean()

    def simulate(self, agent, pose, targets):
        """The block's poses behind each target; the block stands still when nothing pushes it, so there is no more to know."""
        agent_body, block, space = self.copy.agent, self.copy.block, self.copy.space
        agent_body.position, agent_body.velocity = tuple(agent), (0, 0)
        # The angle first: it turns about the centre of mass.
        block.angle = float(pose[2])
        block.position = tuple(map(float, pose[:2]))
        block.velocity, block.angular_velocity = (0, 0), 0
        space.reindex_shapes_for_body(block)
        space.reindex_shapes_for_body(agent_body)
        poses = []
        for x, y in targets:
            for _ in range(10):
                (px, py), (vx, vy) = agent_body.position, agent_body.velocity
                agent_body.velocity = (vx + (100 * (x - px) - 20 * vx) * 0.01, vy + (100 * (y - py) - 20 * vy) * 0.01)
                space.step(0.01)
            poses.append(np.array((*block.position, block.angle)))
        return poses

    def way(self, agent, place, pose):
        """Points from the agent to a place beside the block, around it on the shorter side."""
        block = shapely.Polygon(turned(self.ring, pose[2]) + pose[:2])
        blocked = block.buffer(RADIUS + 0.5)

        def is_free(a, b):
            return not shapely.LineString([a, b]).intersects(blocked)

        if is_free(agent, place):
            return [place]
        around = np.array(block.convex_hull.buffer(32, quad_segs=4).exterior.coords)[:-1]
        first, last = (int(np.argmin(np.square(around - point).sum(1))) for point in (agent, place))
        ways = []
        for step in (1, -1):
            index, points = first, [agent, around[first]]
            while index != last:
                index = (index + step) % len(around)
                points.append(around[index])
            points = [points[0], *(np.clip(point, *WALLS) for point in points[1:]), place]
            short, at = [], 0
            while at < len(points) - 1:
                to = len(points) - 1
                while to > at + 1 and not is_free(points[at], points[to]):
                    to -= 1
                short.append(points[to])
                at = to
            ways.append(short)
        return min(ways, key=lambda way: sum(np.linalg.norm(b - a) for a, b in zip([agent, *way], way)))

    def targets(self, agent, place, pose):
        """The way in steps that the agent can follow."""
        targets, at = [], agent
        for point in self.way(agent, place, pose):
            count = max(1, int(np.ceil(np.linalg.norm(point - at) / 22)))
            targets += [at + (point - at) * (step + 1) / count for step in range(count)]
            at = point
        return targets + [place] * 2

    def choose(self, agent, pose):
        before = self.distance(pose)
        speed = 14 if before > 12 else 5
        places, normals = turned(self.starts, pose[2]) + pose[:2], turned(self.normals, pose[2])
        pushes = []
        for place, normal in zip(places, normals):
            if place.min() < WALLS[0] or place.max() > WALLS[1]:
                continue
            for turn in TURNS:
                along = -turned(normal, turn) * speed
                targets = [np.clip(place + along * (step + 1), *WALLS) for step in range(STEPS)]
                costs = [self.distance(p) + 0.02 * i for i, p in enumerate(self.simulate(place, pose, targets))]
                best = int(np.argmin(costs))
                pushes.append((costs[best] + 0.012 * np.linalg.norm(place - agent), place, targets[: best + 1] + [targets[best]]))
        pushes.sort(key=lambda push: push[0])
        best = (np.inf, [agent])
        for tried, (_, place, push) in enumerate(pushes[:60]):
            if tried >= 10 and best[0] < before:
                break
            # What the way there does to the block counts as well.
            plan = self.targets(agent, place, pose) + push
            cost = self.distance(self.simulate(agent, pose, plan)[-1]) + 0.05 * len(plan)
            if cost < best[0]:
                best = (cost, plan)
        plan = best[1]
        return list(zip(plan, [pose, *self.simulate(agent, pose, plan)[:-1]]))

    def act(self, agent, pose):
        """The agent's next target; what went otherwise than planned is planned anew."""
        if self.plan and np.abs(self.keypoints(self.plan[0][1]) - self.keypoints(pose)).max() > 8:
            self.plan = []
        if not self.plan:
            self.plan = self.choose(agent, pose)
        return self.plan.pop(0)[0]
