package electrodej

import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import ij.gui.Roi
import ij.gui.ShapeRoi
import java.awt.geom.Area
import java.awt.geom.Path2D
import java.awt.geom.PathIterator
import java.awt.geom.Rectangle2D

/** Particles as GeoJSON, which QuPath and GIS programs read: polygons in pixels, each with its label and slice. */
class GeoJson {

	private static final String LABEL = "electrodej.label"
	// No image is as wide.
	private static final double FARTHEST = 1e7d

	static String written(List<Roi> rois) {
		return JsonOutput.toJson([type: "FeatureCollection", features: rois.collect { roi ->
			int label = (roi.getProperty(LABEL) ?: "0") as int
			[
				type: "Feature", geometry: [type: "MultiPolygon", coordinates: polygons(rings(roi)), plane: [c: -1, z: roi.position - 1, t: 0]],
				properties: [objectType: "annotation", name: roi.name, label: label, slice: roi.position],
			]
		}])
	}

	static List<Roi> read(File file) {
		Object found
		try {
			found = new JsonSlurper().parse(file, "UTF-8")
			List features = found instanceof List ? found : found.features == null ? [found] : found.features as List
			return features.collect { roi(it as Map) }
		}
		catch (RuntimeException | StackOverflowError error) {
			throw new Problem(file.path + " is no GeoJSON of polygons (" + reason(error) + ")")
		}
	}

	/** What went wrong, on one line; a text nested too deeply has nothing to say. */
	private static String reason(Throwable error) {
		List<String> lines = error.message?.readLines()
		return lines ? lines.first() : error.class.simpleName
	}

	private static double coordinate(Object value) {
		double number = (value as Number) as double
		if (!(Math.abs(number) <= FARTHEST)) throw new IllegalArgumentException(value + " is no coordinate")
		return number
	}

	private static int whole(Object value, int least, String what) {
		int number = value as int
		if (number < least) throw new IllegalArgumentException(value + " is no " + what)
		return number
	}

	private static Roi roi(Map feature) {
		Map geometry = feature.geometry as Map
		List polygons = geometry.type == "Polygon" ? [geometry.coordinates] : geometry.type == "MultiPolygon" ? geometry.coordinates as List : null
		if (polygons == null) throw new IllegalArgumentException("a " + geometry.type)
		Path2D path = new Path2D.Double(Path2D.WIND_EVEN_ODD)
		for (List ring in polygons.collectMany { it as List }) {
			if (ring.size() < 3) throw new IllegalArgumentException("an outline of " + ring.size() + " points")
			ring.eachWithIndex { point, n ->
				double x = coordinate(point[0]), y = coordinate(point[1])
				n == 0 ? path.moveTo(x, y) : path.lineTo(x, y)
			}
			path.closePath()
		}
		if (path.currentPoint == null) throw new IllegalArgumentException("no outline")
		Roi made = new ShapeRoi(path)
		Map about = (feature.properties ?: [:]) as Map
		made.setPosition(whole(about.slice == null ? ((geometry.plane?.z ?: 0) as int) + 1 : about.slice, 1, "slice"))
		if (about.name) made.setName(about.name as String)
		if (about.label) made.setProperty(LABEL, whole(about.label, 0, "label") as String)
		return made
	}

	/** The closed lines that bound a selection, holes among them. */
	private static List<List<List<Double>>> rings(Roi roi) {
		Path2D path = new Path2D.Double(Path2D.WIND_EVEN_ODD)
		if (roi instanceof ShapeRoi) {
			path.append(roi.shape, false)
			path.transform(java.awt.geom.AffineTransform.getTranslateInstance(roi.bounds.x, roi.bounds.y))
		}
		else {
			def points = roi.floatPolygon
			(0..<points.npoints).each { n -> n == 0 ? path.moveTo(points.xpoints[0], points.ypoints[0]) : path.lineTo(points.xpoints[n], points.ypoints[n]) }
			path.closePath()
		}
		List<List<List<Double>>> found = []
		double[] at = new double[6]
		for (PathIterator step = path.getPathIterator(null, 0.1d); !step.done; step.next()) {
			int kind = step.currentSegment(at)
			if (kind == PathIterator.SEG_MOVETO) found << []
			if (kind == PathIterator.SEG_CLOSE) continue
			found.last() << [at[0], at[1]]
		}
		return found.findAll { it.size() > 2 }.collect { it.last() == it.first() ? it : it + [it.first()] }
	}

	/** Rings as polygons: one that lies in an odd number of others is a hole of the smallest of them. */
	private static List polygons(List<List<List<Double>>> rings) {
		List<Area> areas = rings.collect { area(it) }
		List<List<Integer>> around = rings.indices.collect { n -> rings.indices.findAll { it != n && holds(areas[it], areas[n]) } }
		List<Integer> outer = rings.indices.findAll { around[it].size() % 2 == 0 }
		return outer.collect { n ->
			[rings[n]] + rings.indices.findAll { around[it].size() == around[n].size() + 1 && around[it].contains(n) }.collect { rings[it] }
		}
	}

	private static Area area(List<List<Double>> ring) {
		Path2D path = new Path2D.Double()
		ring.eachWithIndex { point, n -> n == 0 ? path.moveTo(point[0], point[1]) : path.lineTo(point[0], point[1]) }
		path.closePath()
		return new Area(path)
	}

	private static boolean holds(Area outer, Area inner) {
		Rectangle2D box = inner.bounds2D
		if (!outer.bounds2D.contains(box)) return false
		Area rest = new Area(inner)
		rest.subtract(outer)
		return rest.empty
	}
}
